from . import price_contract_import
from . import price_rule_check
