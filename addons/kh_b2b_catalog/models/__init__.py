from . import catalog_assortment
