def migrate(cr, version):
    """Let the rules of order changes be updated: they were loaded once and kept."""
    cr.execute(
        """
        UPDATE ir_model_data
           SET noupdate = FALSE
         WHERE module = 'kh_b2b_order' AND model = 'ir.rule' AND name LIKE 'kh\\_order\\_change\\_%'
        """
    )
