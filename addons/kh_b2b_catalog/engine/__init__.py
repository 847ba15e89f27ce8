from . import saleable
