"""Numbers that exist outside this project (PHYSICS.md)."""

from __future__ import annotations

import numpy as np
import pytest

from imgdash.simulate import physics


def test_beam_quality_of_rqa5() -> None:
    photons = physics.spectrum(70, aluminium_mm=21.0)
    assert physics.half_value_layer(photons) == pytest.approx(6.7, abs=0.05)
    assert photons.sum() / physics.air_kerma(photons) == pytest.approx(29_900, abs=300)


@pytest.mark.parametrize(("material", "energy", "expected"), [("water", 60, 0.2059), ("aluminium", 30, 1.128)])
def test_attenuation_coefficients(material: str, energy: float, expected: float) -> None:
    table = physics.attenuation()
    # Logarithmic between bins, which lie at half keV.
    found = np.exp(np.interp(energy, table["energy_keV"], np.log(table[material])))
    assert found == pytest.approx(expected, rel=2e-3)


def test_more_voltage_penetrates_more_and_more_mas_only_counts_more() -> None:
    soft, hard = physics.beam(60.0, 0.0, 100.0), physics.beam(120.0, 0.0, 100.0)
    through = [np.exp(beam.log_signal[20, 0] - beam.log_signal[0, 0]) for beam in (soft, hard)]
    assert through[1] > 1.5 * through[0]
    assert np.all(np.diff(soft.log_signal, axis=0) < 0)
    assert np.all(np.diff(soft.log_signal, axis=1) < 0)


def test_distance_follows_the_inverse_square() -> None:
    near, far = (physics.air_kerma(physics.spectrum(80, distance_cm=d)) for d in (100, 200))
    assert near / far == pytest.approx(4.0)


def test_a_voltage_outside_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="40 to 140 kV"):
        physics.spectrum(20)
