"""Charts as SVG, drawn on the server: no script in the browser, nothing from outside."""

from datetime import date

import altair as alt
import polars as pl
import vl_convert

from tasuke.core.wareki import to_wareki_short

# Digital Agency design tokens: blues, grey, orange, green; neighbours differ in lightness, so also without colour
_COLOURS = ["#0017c1", "#9db7f9", "#4d4d4d", "#e25100", "#b8e5cb", "#197a4b", "#c5d7fb", "#7f7f7f"]
_FONT = "BIZ UDPGothic"
_MAN = 10_000  # figures are drawn in 万円
_FORMS = ((10, ",.0f"), (1, ",.1f"))


def _svg(chart: alt.Chart | alt.LayerChart | alt.FacetChart) -> str:
    styled = (
        chart.configure(font=_FONT, background="white")
        .configure_axis(labelFontSize=12, titleFontSize=12, gridColor="#e6e6e6", domainColor="#4d4d4d")
        .configure_legend(labelFontSize=12, titleFontSize=12, orient="top")
        .configure_title(fontSize=15, anchor="start")
        .configure_view(stroke=None)
        .configure_range(category=_COLOURS)
    )
    return str(vl_convert.vegalite_to_svg(styled.to_json(), vl_version="6.4"))


def _month(month: date) -> str:
    return to_wareki_short(month)[:-3]  # R08.04, without the day


def _short(label: str) -> str:
    return label.partition("(")[0]


def _figures(data: pl.DataFrame, by: str) -> str:
    """Format of 万円: as many decimals as keep different ticks of the largest bar (the sum of its parts) apart."""
    largest = max(data.group_by(by).agg(pl.col("man").sum())["man"], default=0.0)
    return next((form for least, form in _FORMS if largest >= least), ",.2f")


def subsidy_by_month(facts: pl.DataFrame, *, title: str) -> str:
    """Subsidy by settlement month, stacked by scheme. facts: columns month, scheme (words), subsidy (yen)."""
    data = facts.group_by("month", "scheme").agg(man=pl.col("subsidy").sum() / _MAN).sort("month", "scheme")
    data = data.with_columns(month=pl.col("month").map_elements(_month, return_dtype=pl.String))
    chart = (
        alt.Chart(data, title=title, width=620, height=300)
        .mark_bar()
        .encode(
            x=alt.X("month:N", title="支払月", sort=None, axis=alt.Axis(labelAngle=0, labelFontSize=10)),
            y=alt.Y("man:Q", title="助成額(万円)", axis=alt.Axis(format=_figures(data, "month"))),
            color=alt.Color("scheme:N", title=None, legend=alt.Legend(labelLimit=400)),
        )
    )
    return _svg(chart)


def subsidy_by_ward(facts: pl.DataFrame, *, title: str) -> str:
    """Subsidy by ward, the largest first. facts: columns ward, subsidy."""
    data = facts.group_by("ward").agg(man=pl.col("subsidy").sum() / _MAN).sort("ward")
    figures = _figures(data, "ward")
    bars = alt.Chart(data, title=title, width=560, height=alt.Step(26)).encode(
        y=alt.Y("ward:N", title=None, sort="-x"), x=alt.X("man:Q", title="助成額(万円)", axis=alt.Axis(format=figures))
    )
    labels = bars.mark_text(align="left", dx=4, fontSize=12).encode(text=alt.Text("man:Q", format=figures))
    return _svg(bars.mark_bar(color=_COLOURS[0]) + labels)


def cost_by_band_and_care(facts: pl.DataFrame, *, title: str, order: list[str]) -> str:
    """Subsidy by age band, stacked by care. facts: columns band, care, subsidy; order: bands, youngest first.

    What a band's label says in brackets is left out: the axis has no room for it.
    """
    labels = {label: _short(label) for label in [*order, *facts["band"].unique()]}
    short = facts.with_columns(pl.col("band").replace(labels))
    data = short.group_by("band", "care").agg(man=pl.col("subsidy").sum() / _MAN).sort("band", "care")
    ages = list(dict.fromkeys(labels[label] for label in order))
    chart = (
        alt.Chart(data, title=title, width=620, height=300)
        .mark_bar()
        .encode(
            x=alt.X("band:N", title="年齢区分", sort=ages, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("man:Q", title="助成額(万円)", axis=alt.Axis(format=_figures(data, "band"))),
            color=alt.Color("care:N", title=None),
        )
    )
    return _svg(chart)
