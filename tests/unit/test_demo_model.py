"""The demo's data and model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gc2pc.demo.model import LIMIT, load_model, load_records
from gc2pc.demo.train import held_out, train


def test_the_records_are_the_published_ones():
    records = load_records()
    assert records.features.shape == (569, 30)
    assert len(set(records.names)) == 30
    assert int(records.malignant.sum()) == 212
    # Extremes as the data set's description lists them.
    assert records.features[:, 0].min() == 6.981
    assert records.features[:, 3].max() == 2501
    assert records.features[:, 23].max() == 4254
    assert np.isfinite(records.features).all()


def test_training_gives_the_model_that_is_shipped(tmp_path: Path):
    trained, shipped = train(load_records()), load_model()
    assert trained.names == shipped.names
    assert trained.mean == shipped.mean
    assert trained.scale == shipped.scale
    # Linear algebra differs in the last digits from machine to machine; the file keeps six decimals.
    np.testing.assert_allclose(trained.weights, shipped.weights, atol=2e-6)
    np.testing.assert_allclose(trained.bias, shipped.bias, atol=2e-6)
    trained.save(tmp_path / "model.json")
    assert (tmp_path / "model.json").stat().st_size > 1000


def test_the_model_is_good_on_records_it_never_saw():
    records = load_records()
    right = load_model().decide(records.features) == records.malignant
    unseen = held_out(len(right))
    assert unseen.sum() == 190
    assert right[unseen].mean() > 0.97


def test_normalised_features_fit_the_fixed_point_type():
    normalised = load_model().normalise(load_records().features)
    assert np.abs(normalised).max() <= LIMIT
    assert np.abs(normalised[:, 0]).mean() > 0.5  # in units of standard deviations, not all clipped or zero


def test_the_fixed_point_model_agrees_with_the_float_model():
    from gc2pc.demo.party import program

    records, model = load_records(), load_model()
    features = model.normalise(records.features)
    answers = program().simulate(features=features, weights=model.weights, bias=model.bias)
    in_float = model.decide(records.features)
    accuracy = (answers == records.malignant).mean()
    assert answers.shape == (569,)
    assert abs(accuracy - (in_float == records.malignant).mean()) <= 0.005


def test_records_and_weights_are_not_shown_by_accident():
    assert "features=" not in repr(load_records())
    assert "weights=" not in repr(load_model())
    assert "bias=" not in repr(load_model())
