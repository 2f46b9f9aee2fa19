"""SVG and PNG of a specification, by vl-convert."""

from charts.source import ChartError

VEGA_LITE = "6.4"
try:
    import vl_convert
except ImportError:
    vl_convert = None


def converter():
    if vl_convert is None:
        raise ChartError("this Python has no vl-convert-python; run `scripts/python scripts/chart.py`, which finds or "
                         "makes one that has (the records are safe)")
    return vl_convert


def svg(spec):
    return converter().vegalite_to_svg(spec, vl_version=VEGA_LITE)


def png(drawn):
    """Twice the size in pixels, for screens of today."""
    return converter().svg_to_png(drawn, scale=2.0)


def vega(spec):
    """The specification as the browser's runtime takes it, without Vega-Lite."""
    return converter().vegalite_to_vega(spec, vl_version=VEGA_LITE)


def runtime():
    """Vega's own JavaScript, whole, for a page without a network."""
    return converter().javascript_bundle("window.vega = vega;", vl_version=VEGA_LITE)
