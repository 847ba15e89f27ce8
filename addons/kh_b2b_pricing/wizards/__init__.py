from . import price_contract_import
