"""Odoo's command as a file: with workers it starts itself again by this name, not by `-m odoo`."""

from odoo.cli import main

main()
