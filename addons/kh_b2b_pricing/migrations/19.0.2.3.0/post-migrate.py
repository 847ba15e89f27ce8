def migrate(cr, version):
    """Let lines of ended contracts hold for their time again: they were hidden for good."""
    cr.execute(
        """
        UPDATE product_pricelist_item i
           SET kh_is_pending = FALSE,
               date_end = LEAST(i.date_end, c.date_ended - interval '1 second')
          FROM kh_price_contract c
         WHERE c.id = i.kh_contract_id AND c.state IN ('expired', 'terminated')
           AND i.kh_is_past IS NOT TRUE AND i.kh_is_pending
           AND COALESCE(i.date_start < c.date_ended, c.date_ended IS NOT NULL)
        """
    )
