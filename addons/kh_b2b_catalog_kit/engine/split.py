"""How the price of a bundle is spread over its parts: plain arithmetic."""

from decimal import ROUND_HALF_UP, Decimal


def split_amount(amount, weights, digits=2):
    """Spread an amount over parts by weight; the parts add up to it exactly.

    Shares are rounded half up; what is left goes to the heaviest part. Without any weight
    the parts share alike.

    :param float amount: what is spread, in some currency
    :param list[float] weights: not negative, one for each part
    :param int digits: decimals of the currency
    :rtype: list[float]
    """
    if not weights:
        return []
    total_weight = sum(weights)
    if not total_weight:
        weights, total_weight = [1.0] * len(weights), float(len(weights))
    step = Decimal(1).scaleb(-digits)
    total = Decimal(str(amount)).quantize(step, ROUND_HALF_UP)
    parts = [
        (total * Decimal(str(weight)) / Decimal(str(total_weight))).quantize(step, ROUND_HALF_UP)
        for weight in weights
    ]
    heaviest = max(range(len(weights)), key=lambda index: weights[index])
    parts[heaviest] += total - sum(parts)
    return [float(part) for part in parts]
