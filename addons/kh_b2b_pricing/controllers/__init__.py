from . import analytics
