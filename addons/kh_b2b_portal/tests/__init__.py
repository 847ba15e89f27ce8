from . import (
    test_budget,
    test_cart_json,
    test_catalogue,
    test_category_page,
    test_checkout,
    test_dealer_approval,
    test_editor,
    test_foreign_price,
    test_frame,
    test_home,
    test_inquiries,
    test_limits_shop,
    test_messages,
    test_purchase_lists,
    test_quick_order,
    test_same_price,
    test_scene,
    test_tour,
    test_utils,
)
from . import test_journey
from . import test_member_journey
