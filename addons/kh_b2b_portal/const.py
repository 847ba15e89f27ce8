"""Figures and names shared by the shop's models, controllers and templates."""

# Rows of the catalogue on one page: as it comes, and what the reader may choose instead.
ROWS_PER_PAGE = 50
ROW_CHOICES = (ROWS_PER_PAGE, 100, 200)

# A product with more variants than this is one row that opens its own page.
MAX_VARIANT_ROWS = 60

# Up to so many products a category is searched product by product.
MAX_ARRAY_PRODUCTS = 5000

# Lines accepted by one "add to cart"; more is refused as a whole, never cut.
MAX_LINES_PER_ADD = 1000

# Orders of the catalogue, by the name used in the address. The price is the viewer's own.
SORTS = {
    "featured": "website_sequence asc, name asc, default_code asc, id asc",
    "code": "default_code asc, id asc",
    "name": "name asc, default_code asc, id asc",
    "price": "kh_own_price asc, default_code asc, id asc",
    "price_desc": "kh_own_price desc, default_code asc, id asc",
    "newest": "create_date desc, id desc",
}
DEFAULT_SORT = "featured"

LAYOUTS = ("table", "cards")

# Key of the per-website asset that keeps foreign fonts out.
FONT_ASSET_KEY = "kh_b2b_portal.system_fonts"
