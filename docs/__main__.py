"""Writes the generated parts of the documents; says which files changed."""

import os

from docs import generated


def main() -> None:
    """Write what is stale, as it is without anybody's own configuration."""
    for name in ("SECURENET_CONFIG", "SECURENET_ENV"):
        os.environ.pop(name, None)
    for path, text in generated.fresh().items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(generated.ROOT)} written")


if __name__ == "__main__":
    main()
