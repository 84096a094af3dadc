"""A service's own page of metrics, as a vendor among the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.adapters.vendors.http_server import Asked, Said

if TYPE_CHECKING:
    from tests.adapters.vendors.service import Service


class MetricsPage:
    """The page; while the service is blind it is not to be had."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def answer(self, asked: Asked) -> Said:
        """The page."""
        del asked
        if self.service.blind:
            return Said("metrics are not available", 503, kind="text/plain")
        memory = "NaN" if self.service.memory is None else self.service.memory
        lines = (
            f'http_requests_total{{code="200"}} {self.service.requests - self.service.errors}',
            f'http_requests_total{{code="500"}} {self.service.errors}',
            f"memory {memory}",
        )
        return Said("".join(f"{line}\n" for line in lines), kind="text/plain; version=0.0.4")
