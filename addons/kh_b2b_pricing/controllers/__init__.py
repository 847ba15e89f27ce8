from . import analytics
from . import price_why
from . import price_list
from . import shop_price
