from . import price_contract_derive
from . import price_contract_import
from . import price_contract_preview
