from . import sharing
from . import shop
