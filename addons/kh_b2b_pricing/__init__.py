from . import controllers, engine, models, report, wizards
from .hooks import uninstall_hook
