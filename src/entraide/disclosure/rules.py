"""Terms of delivery."""

from datetime import timedelta

# Implementing Regulation (EU) 2025/1550, annex, 3.3.3: a link stays available for 10 to 45 calendar days.
LINK_LASTS = timedelta(days=30)

# One step-up authorises one download, which a weak line may need a day to finish.
DOWNLOAD_LASTS = timedelta(hours=24)

# A record is visible at the exchange some seconds after its moment; asking for older ones never comes too early.
SETTLED_AFTER = timedelta(minutes=2)
