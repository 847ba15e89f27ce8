"""Which quantities a split proposes; plain numbers, no database."""


def propose_missing(rows, free):
    """Say how much of each row is not there, where earlier rows are served first.

    :param list rows: ``(key, product, quantity)`` in order of service
    :param dict free: ``{product: free quantity}``; products that are absent have no stock to
        wait for and are always there
    :return: ``{key: missing quantity}``, rows that are wholly there are absent
    :rtype: dict
    """
    left = dict(free)
    missing = {}
    for key, product, quantity in rows:
        if product not in left:
            continue
        served = min(max(left[product], 0.0), quantity)
        left[product] -= served
        if quantity > served:
            missing[key] = quantity - served
    return missing


def propose_elsewhere(missing, rows, free):
    """Say how much of what is missing another warehouse has.

    :param dict missing: result of `propose_missing`
    :param list rows: ``(key, product, quantity)``
    :param dict free: ``{product: free quantity}`` of the other warehouse
    :rtype: dict
    """
    left = dict(free)
    found = {}
    for key, product, _quantity in rows:
        available = min(max(left.get(product, 0.0), 0.0), missing.get(key, 0.0))
        if available:
            left[product] -= available
            found[key] = available
    return found
