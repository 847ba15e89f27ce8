from . import (
    test_cart_json,
    test_cart_keys,
    test_catalogue,
    test_category_page,
    test_checkout,
    test_dealer_approval,
    test_editor,
    test_frame,
    test_home,
    test_limits_shop,
    test_matrix,
    test_poor_network,
    test_same_price,
    test_search_key,
    test_shop_filters,
    test_tour,
    test_utils,
)
from . import test_journey
from . import test_member_journey
