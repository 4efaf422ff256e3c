"""What the categories of data are called; the same words as on orders and decisions."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from entraide.exchange.port import Category
from entraide.kernel.errors import Text

CATEGORY_LABELS: Mapping[Category, Text] = {
    Category.S1: _("Identity"),
    Category.S2: _("Verification"),
    Category.S3: _("Service"),
    Category.S4: _("Payment means"),
    Category.I1: _("Identify-only log-in"),
    Category.T1: _("Access logs"),
    Category.T2: _("Ledger"),
    Category.T3: _("Wallet data"),
    Category.T4: _("Travel rule"),
    Category.B1: _("Balances"),
    Category.C1: _("Content"),
}
