"""Detection of failed downloads among Keras's errors."""

from __future__ import annotations

from http.client import HTTPException
from urllib.error import URLError


def is_failed_download(error: Exception) -> bool:
    """Tell a failed download from other errors.

    Keras raises a bare Exception for most failures, and a ValueError for a file that came damaged.
    """
    text = str(error)
    is_from_network = isinstance(error, (URLError, HTTPException, ConnectionError, TimeoutError))
    return is_from_network or "URL fetch failure" in text or "corrupted file" in text
