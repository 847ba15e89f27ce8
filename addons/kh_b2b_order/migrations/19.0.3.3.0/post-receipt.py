def migrate(cr, version):
    """Let the days of orders that await their receipt count from now: nobody knows since when."""
    cr.execute(
        """
        UPDATE sale_order
           SET kh_to_receive_date = NOW() AT TIME ZONE 'UTC'
         WHERE kh_stage = 'to_receive' AND kh_to_receive_date IS NULL
        """
    )
