from . import analytics
from . import shop_price
