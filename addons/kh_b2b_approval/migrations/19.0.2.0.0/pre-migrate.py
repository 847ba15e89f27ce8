def migrate(cr, version):
    """Drop the counters of wrong links: `kh.rate.limit` counts for all add-ons now.

    A counter lives for an hour, so nothing is carried over. The model itself goes with the rest
    of what is no longer in the add-on, but the framework keeps the table of a model it does not
    know any more.
    """
    cr.execute("DROP TABLE IF EXISTS kh_approval_link_limit")
