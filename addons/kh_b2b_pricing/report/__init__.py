from . import price_list
from . import price_list_tax
