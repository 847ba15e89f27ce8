from . import (
    test_access_rights,
    test_add_products,
    test_dealer_approval,
    test_limits,
    test_portal,
    test_saleable,
    test_shortage,
    test_stage,
    test_stage_engine,
    test_transfer,
    test_utils,
    test_workflow,
)
