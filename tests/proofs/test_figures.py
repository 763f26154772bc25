"""Figures as data and as pictures."""

import dataclasses
import itertools
import math
import re
from fractions import Fraction
from math import comb

import pytest

from constructions import construct
from constructions.delay import construct_copy
from constructions.hold import construct_hold
from constructions.transitions import transition
from proofs.sheet import charts, drift, figures, pgfplots, pictures
from proofs.sheet.figure import Axis, Curve, Figure, decade_axis, decades, rounded, style
from proofs.survey import COLUMNS, Finding, Map, Question
from verifier.any_weights import Moment, walked
from verifier.arithmetic.balls import Balls, to_ball
from verifier.certify import certify
from verifier.copy_task import copy_task
from verifier.copying import certify_copy
from verifier.errors import UsageError
from verifier.gates import gate_activations
from verifier.gradient import decide_gradients
from verifier.holding import certify_hold
from verifier.law import Sample
from verifier.linear_gradient import decide_transition
from verifier.program import record
from verifier.regime import Regime
from verifier.verdict import Verdict
from verifier.weights import Weights


@pytest.fixture(scope="module")
def lstm():
    construction = construct("lstm", n=100, precision=30)
    return construction, certify(construction)


def test_coordinates_are_short_and_exact_enough():
    assert rounded(0.0) == 0
    assert rounded(123456.789) == 123460
    with Balls(2000).working():
        assert decades(to_ball(Fraction(1, 10**200))) == -200
        assert decades(to_ball(0)) is None


def test_logarithmic_axes_have_whole_decades():
    axis = decade_axis("error", [-200.7, -3.2, None])
    assert axis.limits is not None
    assert axis.limits == (-250, 0)
    assert [place for place, _ in axis.ticks] == [-250, -200, -150, -100, -50, 0]
    assert decade_axis("error", [-200.7, -200.2]).limits == (-201, -200)
    for low in range(-700, 0, 7):
        assert len(decade_axis("error", [low, 3]).ticks) <= 10
    assert all(place == int(place) and str(int(place)) in name for place, name in axis.ticks)


def test_the_heat_map_is_the_run(lstm):
    _, certificate = lstm
    figure = figures.activations(certificate)
    names = [name for _, name in figure.vertical.ticks]
    gate = figure.cells.values[names.index(r"$i[\text{memory}]$")]
    assert gate[0] == 1
    assert set(gate[1:]) == {0}
    with Balls(certificate.working_bits).working():
        steps = gate_activations(certificate.weights, [Fraction(1), Fraction(-1)])
        assert steps[0]["i", 1] > to_ball(Fraction(99, 100))
        assert steps[1]["i", 1] < to_ball(Fraction(1, 100))


def test_the_error_figure_is_the_certificate(lstm):
    construction, certificate = lstm
    figure = figures.error_against_n(construction, certificate)
    by_name = {curve.name: curve.points for curve in figure.curves}
    with Balls(certificate.working_bits).working():
        assert by_name["supremum"][-1] == (2, decades(certificate.supremum.upper))
        assert by_name["symbolic"][-1] == (2, decades(certificate.symbolic.value))
    for seen, worst, bound in zip(by_name["observed"], by_name["supremum"], by_name["symbolic"], strict=True):
        assert seen[1] <= worst[1] + 1e-4
        assert worst[1] <= bound[1] + 1e-4


def test_no_error_figure_where_there_is_no_error_or_one_n():
    exact = construct("relu", n=50, precision=5)
    assert figures.error_against_n(exact, certify(exact)) is None
    fixed = construct("linear", n=20, precision=5, horizon="fixed")
    assert figures.error_against_n(fixed, certify(fixed)) is None


@pytest.fixture(scope="module")
def refreshed():
    return certify(construct("lstm", n=100, precision=4, horizon="forever"), steps=100)


def test_plain_weights_drift_and_refreshed_ones_do_not(refreshed):
    supremum, observed, proved, seen = drift.drift(refreshed).curves
    assert [curve.name for curve in (supremum, proved)] == ["C6: supremum", "C9: proved"]
    heights = [y for _, y in supremum.points]
    assert heights == sorted(heights)
    assert heights[0] < -4
    assert heights[-1] > decades(Fraction(1, 2))
    assert {y for _, y in proved.points} == {decades(refreshed.supremum.upper)}
    assert proved.points[-1][0] == supremum.points[-1][0] > 6
    for (n, low), (m, high) in zip(observed.points, supremum.points, strict=False):
        assert n == m
        assert low <= high + 1e-4
    assert len(seen.points) == 3
    assert all(y <= proved.points[0][1] + 1e-4 for _, y in seen.points)


def test_the_same_figure_from_the_other_side(refreshed):
    plain = certify(construct("lstm", n=100, precision=4), steps=100)
    assert drift.drift(plain) == drift.drift(refreshed)


def test_no_drift_is_drawn_without_both_partners(refreshed):
    assert drift.drift(dataclasses.replace(refreshed, verdict=Verdict.UNDECIDED)) is None
    for name, arguments in (
        ("relu", {"n": 5, "precision": 3}),
        ("lstm", {"n": 5, "precision": 3, "horizon": "fixed"}),
        ("tanh", {"n": 5, "tolerance": Fraction(1, 2), "horizon": "forever"}),
    ):
        assert drift.drift(certify(construct(name, **arguments))) is None
    assert drift._first_power(lambda power: power >= 13) == 13
    assert drift._first_power(lambda power: power >= 1) == 1
    assert drift._first_power(lambda power: False) is None


def test_impulse_responses_vanish_hold_and_explode():
    vanishing, holding, exploding = (curve.points for curve in figures.impulse_responses().curves)
    assert [y for _, y in holding] == [0] * len(holding)
    assert all(b[1] < a[1] for a, b in itertools.pairwise(vanishing))
    assert [y for _, y in exploding] == [-y for _, y in vanishing]


def test_the_lattice_is_pascals():
    notes = figures.lattice_paths(4).notes
    assert {note.latex for note in notes} == {str(comb(i + j, i) - 1) for i in range(5) for j in range(5 - i)}
    assert len(notes) == 15


def test_accuracy_costs_weight(lstm):
    made = [construct("lstm", n=10, precision=p) for p in (2, 6, 12)]
    (curve,) = figures.accuracy_against_weight([("lstm", made)], 512).curves
    assert [x for x, _ in curve.points] == sorted(x for x, _ in curve.points)
    assert all(y <= -p for (_, y), p in zip(curve.points, (2, 6, 12), strict=True))


def test_the_picture_of_a_copy_is_a_pulse_that_travels():
    task = copy_task("tanh", 3, 6, hidden=3)
    made = construct_copy(task)
    figure = charts.copied(certify_copy(made.weights, task))
    darkest = [row.index(1) for row in figure.cells.values]
    assert sorted(darkest) == [0, 1, 2]
    assert all(sum(shade > 0.5 for shade in row) == 1 for row in figure.cells.values)


@pytest.fixture(scope="module")
def holding():
    task = copy_task("lstm", 3, 1, hidden=11)
    return certify_hold(construct_hold(task).readouts, task)


def test_held_numbers_stay_within_what_is_proved(holding):
    *numbers, proved, asked = charts.held(holding).curves
    assert [curve.name for curve in numbers] == ["$x_{1}$", "$x_{2}$", "$x_{3}$"]
    assert [curve.points[0][0] for curve in numbers] == [1, 2, 3]
    worst = max(y for curve in numbers for _, y in curve.points)
    with Balls(holding.working_bits).working():
        assert abs(worst - decades(holding.attained)) < 1e-4
    assert worst <= proved.points[0][1] == proved.points[1][1] <= asked.points[0][1] == -1
    for curve in numbers:
        period = holding.held[0].refresh.period
        assert len(curve.points) > 3 * period
        assert abs(curve.points[-1][1] - curve.points[-1 - period][1]) < 1e-2


@pytest.mark.parametrize(("share", "bounded"), [(Fraction(1, 2), True), (Fraction(0), False)])
def test_a_bound_is_drawn_where_there_is_one(holding, share, bounded):
    """Readouts of half the size miss, by a bound that is proved; readouts of 0 are none of a memory."""
    spoilt = []
    for weights in holding.readouts:
        blocks = {name: dict(array) for name, array in weights.blocks().items()}
        spoilt.append(Weights(weights.cell, weights.hidden, {**blocks, "V": {i: share * v for i, v in weights["V"]}}))
    found = certify_hold(spoilt, holding.task)
    assert found.verdict is Verdict.REFUTED
    *curves, asked = charts.held(found).curves
    assert [curve.name for curve in curves][3:] == ["proved"] * bounded
    worst = max(y for curve in curves[:3] for _, y in curve.points)
    assert worst > asked.points[0][1]
    assert all(worst <= y for curve in curves[3:] for _, y in curve.points)


@pytest.mark.parametrize(("cell", "exact"), [("tanh", False), ("relu", True)])
def test_the_capacity_is_a_step_from_small_errors_to_the_bound(cell, exact):
    bound, task = Fraction(3), copy_task(cell, 2, 6, hidden=2, bound=3)
    certificates = [certify_copy(construct_copy(task).weights, task)]
    proved, attained, floor = charts.capacity(certificates, dataclasses.replace(task, n=3)).curves
    (n, height), (_, seen) = proved.points[-1], attained.points[-1]
    assert n == task.capacity
    if exact:
        assert height == seen == 0
        assert floor.points == ((3, 3), (4, 3))
    else:
        assert seen - 1e-4 <= height <= decades(task.tolerance)
        assert floor.points == ((3, decades(bound)), (4, decades(bound)))


def test_the_bracket_against_n_holds_the_tolerance_and_both_ends():
    weights = construct("lstm", 5, 6, hidden=2).weights
    regime = Regime("lstm", 5, Fraction(1), Fraction(1, 10), hidden=2)
    brackets = walked(weights, regime, (1, 5))
    assert [(found.regime.n, found.regime.horizon) for found in brackets] == [(1, "fixed"), (5, "fixed")]
    proved, attained, asked = charts.bracket_against_n(brackets).curves
    for (x, high), (y, low), found in zip(proved.points, attained.points, brackets, strict=True):
        assert x == y == decades(found.regime.n)
        assert low <= high + 1e-4
    assert [y for _, y in asked.points] == [-1, -1]
    assert charts.bracket_against_n(brackets[:1]) is None
    unbounded = [dataclasses.replace(found, upper=None) for found in brackets]
    assert [item.name for item in charts.bracket_against_n(unbounded).curves] == ["attained", "asked"]


def test_the_bracket_against_boxes_is_drawn_where_boxes_were_divided():
    regime = Regime("lstm", 5, Fraction(1), Fraction(1, 10), hidden=2)
    (found,) = walked(construct("lstm", 5, 6, hidden=2).weights, regime, (5,))
    assert charts.bracket_against_boxes(found) is None
    moments = tuple(Moment(*moment) for moment in ((16, 0.001, math.inf), (48, 0.01, 1.0), (80, 0.01, 0.1)))
    proved, seen, _ = charts.bracket_against_boxes(dataclasses.replace(found, moments=moments)).curves
    assert [x for x, _ in proved.points] == [decades(48), decades(80)]
    assert [y for _, y in proved.points] == [0, -1]
    assert [y for _, y in seen.points] == [-2, -2]
    (only, _, asked) = charts.bracket_against_boxes(dataclasses.replace(found, moments=moments[:2])).curves
    assert only.points == proved.points[:1]
    assert {y for _, y in asked.points} == {-1}
    assert charts.bracket_against_boxes(dataclasses.replace(found, moments=moments[:1])) is None


def test_the_price_is_drawn_at_the_horizon_with_most_points():
    samples = [Sample(5, Fraction(1, 10**k), 2, Fraction(10**k)) for k in (1, 2, 3)] + [Sample(9, Fraction(1, 10), 2, Fraction(7))]
    (drawn,) = charts.price_of_accuracy({"C9": samples}).curves
    assert drawn.points == ((1, 1), (2, 2), (3, 3))
    assert drawn.name == "C9, $n = 5$"
    assert charts.price_of_accuracy({}) is None


def test_gradients_that_stay_at_one_are_no_picture():
    carried = decide_gradients(record(construct("lstm", n=5, precision=4).weights), Fraction(1), [1, 5], 128)
    fading = decide_gradients(record(transition("contraction", 2, 0).weights("tanh")), Fraction(1), [1, 5], 128)
    assert charts.largest_gradients([("lstm", carried)]) is None
    assert charts.gradient_deficits([("lstm", carried)]).curves[0].points[-1][0] == decades(5)
    both = charts.largest_gradients([("lstm", carried), ("fading", fading)])
    assert both.curves[1].points[-1][1] < both.curves[0].points[-1][1]


def test_powers_lie_between_their_bounds():
    report = decide_transition(transition("jordan", 3, 0), [1, 5, 20])
    found = {curve.name: dict(curve.points) for curve in charts.powers(report).curves}
    for n, norm in found[r"$\|A^n\|$"].items():
        assert norm <= found["at most"][n] + 1e-4
        assert n not in found["at least"] or found["at least"][n] <= norm + 1e-4


def test_the_map_is_drawn_cell_by_cell():
    cells = {column.key: (Finding(Question.of("linear", 5), "", "yes", "C1", None, None, None),) for column in COLUMNS}
    no = Finding(Question.of("linear", 6), "", "no", "T3", "0", "T3", None)
    cells |= {"box-exact": (*cells["box-exact"], no), "box-upto": (no,)}
    cells["box-forever"] = (Finding(Question.of("linear", 6), "", "refuted", None, None, None, None),)
    figure = charts.chart(Map(32, {"linear": cells}))
    assert [note.latex for note in figure.notes] == [
        rf"\text{{{word}}}" for word in ("yes", "yes", "yes / no", "yes", "no", "REFUTED")
    ]
    assert figure.cells.values[0][0] == 0 < figure.cells.values[0][2] < figure.cells.values[0][4]
    assert pictures.draw([figure], ".svg").startswith(b"<?xml")


def test_curves_are_told_apart():
    assert len({style(k) for k in range(12)}) == 12


def test_rows_that_say_nothing_go_last(lstm):
    shades = {("z", 0): (1.0, 1.0), ("n", 0): (0.0, 0.0), ("n", 1): (1.0, 1.0)}
    assert figures._telling(shades) == [("n", 0), ("n", 1), ("z", 0)]


def test_pictures_are_the_same_twice_and_need_nothing(lstm):
    figure = figures.activations(lstm[1])
    first = pictures.svg(figure)
    assert first == pictures.svg(figure)
    assert first.startswith("<svg")
    assert 'href="http' not in first.replace('xmlns:xlink="http', "")
    for suffix, magic in ((".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")):
        content = pictures.draw([figure], suffix)
        assert content.startswith(magic)
        assert content == pictures.draw([figure], suffix)


def test_everything_is_grey(lstm):
    construction, certificate = lstm
    text = pictures.svg(figures.error_against_n(construction, certificate))
    for color in re.findall(r"#([0-9a-fA-F]{6})\b", text):
        assert color[:2] == color[2:4] == color[4:], color


def test_pgfplots_holds_the_points():
    figure = Figure("f", "", Axis("$x$"), Axis("y"), (Curve("c", ((1.0, -2.5), (3.0, 4.0)), "dashed", "o"),))
    text = pgfplots.render(figure)
    assert "(1,-2.5) (3,4)" in text
    assert "dashed" in text
    assert r"\legend{{c}}" in text
    assert text.count(r"\begin{axis}") == text.count(r"\end{axis}") == 1


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.svg, \.pdf, \.png"):
        pictures.check_format(tmp_path / "x.gif")
