"""What the stage can deploy: its services, the version that is live at the start and the version of the go-live."""

from typing import Final

OLD: Final = "v2.0.0"
NEW: Final = "v2.1.0"
VERSIONS: Final = (OLD, NEW)

APIS: Final = ("auth", "catalog", "orders")
SERVICES: Final = (*APIS, "frontend")
