from . import analytics
from . import price_why
