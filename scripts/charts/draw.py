"""SVG and PNG of a specification, by vl-convert."""

import os
import re
import struct
import sys
import tempfile
import zlib
from pathlib import Path

from charts.source import ChartError

VEGA_LITE = "6.4"
# Names of XML vocabularies look like addresses but are never fetched.
ADDRESS = re.compile(r"https?://(?!www\.w3\.org/)[^\s\"'`)]+")
try:
    import vl_convert
except ImportError:
    vl_convert = None


def converter():
    if vl_convert is None:
        raise ChartError(
            "this Python has no vl-convert-python; run `copybench chart RUN.jsonl`, which finds or "
            "makes one that has (the records are safe)"
        )
    return vl_convert


def svg(spec):
    return converter().vegalite_to_svg(spec, vl_version=VEGA_LITE)


def png(drawn):
    """Twice the size in pixels, for screens of today, packed as tightly as zlib can: a quarter of what resvg writes."""
    return repacked(converter().svg_to_png(drawn, scale=2.0))


def repacked(image):
    """The same pixels in fewer bytes. PNG chunks are length, kind, body and checksum."""
    chunks, at = [], 8
    while at < len(image):
        (length,) = struct.unpack(">I", image[at : at + 4])
        chunks.append((image[at + 4 : at + 8], image[at + 8 : at + 8 + length]))
        at += length + 12
    pixels = zlib.compress(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), 9)
    kept = [chunk for chunk in chunks if chunk[0] != b"IDAT"]
    kept.insert(-1, (b"IDAT", pixels))
    return image[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in kept
    )


def vega(spec):
    """The specification as the browser's runtime takes it, without Vega-Lite."""
    return converter().vegalite_to_vega(spec, vl_version=VEGA_LITE)


def runtime():
    """Vega's own JavaScript, whole, for a page without a network."""
    # Bundling takes over a second and gives the same text for the same version, so this Python's directory keeps it.
    kept = Path(sys.prefix) / f"copybench-runtime-{converter().__version__}.js"
    try:
        return kept.read_text(encoding="utf-8")
    except OSError:
        pass
    # The links in it, to an editor and a schema, are never followed; a page that needs no network carries none.
    bundle = ADDRESS.sub(
        "", converter().javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    )
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=kept.parent, delete=False) as file:
            file.write(bundle)
        os.replace(file.name, kept)
    except OSError:
        pass
    return bundle
