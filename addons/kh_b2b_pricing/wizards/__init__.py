from . import price_contract_derive
from . import price_contract_import
from . import price_rule_check
from . import price_contract_preview
