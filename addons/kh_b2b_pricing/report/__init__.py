from . import price_list
