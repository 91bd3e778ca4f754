"""Tiny Shakespeare, which one task reads by words and another by characters."""

from __future__ import annotations

TINY_SHAKESPEARE = dict(
    licence="public domain",
    home="https://github.com/karpathy/char-rnn",
    base_url="https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/",
    files={"input.txt": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
    size=1_115_394,
)  # the fields of a `Dataset` that do not depend on the task
