"""Medians of ratios that were measured in pairs, with their interval."""
import math
import statistics

CONFIDENCE = 0.95


def interval(values):
    """The interval of the median: the order statistics that enclose it with 95 %, whatever the distribution; all values if they are few."""
    ordered, n = sorted(values), len(values)
    # The median lies below the k-th smallest value with the probability that fewer than k of n tosses are heads.
    below, k = 0.0, 0
    while k < n // 2 and below + math.comb(n, k) / 2**n <= (1 - CONFIDENCE) / 2:
        below += math.comb(n, k) / 2**n
        k += 1
    return ordered[max(k - 1, 0)], ordered[min(n - k, n - 1)]


class Share:
    """What a program needs of what another needs, by rounds: above 1 it needs less."""

    def __init__(self, costs, reference):
        ratios = [of / cost for cost, of in zip(costs, reference) if cost is not None and of is not None]
        self.median = statistics.median(ratios) if ratios else None
        self.low, self.high = interval(ratios) if ratios else (None, None)

    def __str__(self):
        return "–" if self.median is None else "%.2f (%.2f–%.2f)" % (self.median, self.low, self.high)
