"""Money, in whole base units of one asset."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=False)
class Amount:
    """A whole number of base units (satoshi, wei, cent) of one asset.  Two assets never add; nothing is a float."""

    asset: str
    units: int

    def __post_init__(self) -> None:
        if type(self.units) is not int:  # neither a float nor a bool, whatever the annotation was told
            raise TypeError(f"{self.asset}: base units are whole numbers, not {type(self.units).__name__}")

    def __add__(self, other: "Amount") -> "Amount":
        if other.asset != self.asset:
            raise ValueError(f"{self.asset} and {other.asset} do not add")
        return Amount(self.asset, self.units + other.units)

    def __neg__(self) -> "Amount":
        return Amount(self.asset, -self.units)

    def in_whole_coins(self, decimals: int) -> str:
        """Return the amount with a decimal point put in, digit for digit: ``0.00150000``."""
        sign = "-" if self.units < 0 else ""
        digits = str(abs(self.units)).rjust(decimals + 1, "0")
        return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"
