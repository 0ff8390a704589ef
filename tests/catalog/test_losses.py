"""The losses are torch's and scikit-learn's, in value and gradient, with weights and without, near and far out."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import log_loss, mean_pinball_loss
from torch import Tensor, nn

from hqnn_dsl.catalog import losses
from hqnn_dsl.catalog.losses import Pointwise

ROWS = 12
GENERATOR = torch.Generator().manual_seed(4)


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=GENERATOR, dtype=torch.float64).to(dtype)


def labels(classes: int) -> Tensor:
    return torch.arange(ROWS).remainder(classes)[:, None].double()


def slope(loss: nn.Module, predicted: Tensor, *rest: Tensor) -> tuple[float, Tensor]:
    own = predicted.clone().requires_grad_()
    value = loss(own, *rest)
    value.backward()
    assert own.grad is not None
    return value.item(), own.grad


REGRESSION = {
    "mse": (Pointwise(nn.functional.mse_loss), nn.MSELoss),
    "mae": (Pointwise(nn.functional.l1_loss), nn.L1Loss),
    "huber": (Pointwise(nn.functional.huber_loss, delta=0.4), lambda **given: nn.HuberLoss(delta=0.4, **given)),
    "smooth_l1": (Pointwise(nn.functional.smooth_l1_loss, beta=0.4), lambda **g: nn.SmoothL1Loss(beta=0.4, **g)),
}


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("name", REGRESSION)
def test_losses_of_values_are_torch_s_own(name, targets):
    own, theirs = REGRESSION[name]
    predicted, target = normal(ROWS, targets, dtype=torch.float32), normal(ROWS, targets, dtype=torch.float32)
    expected = theirs()(predicted, target)
    assert torch.equal(own(predicted, target), expected), "to the bit without weights"
    weight = normal(ROWS, dtype=torch.float32).abs()
    rows = theirs(reduction="none")(predicted, target).mean(dim=1)
    torch.testing.assert_close(own(predicted, target, weight), (rows * weight).mean())


def test_the_gaussian_likelihood_is_torch_s_own():
    predicted, target, weight = normal(ROWS, 4), normal(ROWS, 2), normal(ROWS).abs()

    class Theirs(nn.Module):
        def forward(self, found: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
            variance = nn.functional.softplus(found[:, 2:]) + 1e-6
            theirs = nn.GaussianNLLLoss(full=False, reduction="none")(found[:, :2], target, variance)
            return theirs.mean() if weight is None else (theirs.mean(dim=1) * weight).mean()

    for rest in ((target,), (target, weight)):
        value, gradient = slope(Pointwise(losses.gaussian), predicted, *rest)
        expected, their_gradient = slope(Theirs(), predicted, *rest)
        assert value == pytest.approx(expected, rel=1e-12)
        torch.testing.assert_close(gradient, their_gradient)


def test_the_gaussian_likelihood_is_the_density_s_but_for_its_constant():
    predicted, target = normal(ROWS, 2), normal(ROWS, 1)
    spread = (nn.functional.softplus(predicted[:, 1:]) + 1e-6).sqrt()
    density = torch.distributions.Normal(predicted[:, :1], spread).log_prob(target)
    assert losses.gaussian(predicted, target).item() == pytest.approx(
        -density.mean().item() - 0.5 * math.log(2 * math.pi)
    )


def test_variances_stay_positive_and_the_loss_finite():
    raw = torch.tensor([[0.0, -1e4], [0.0, 1e4]], requires_grad=True)
    loss = losses.gaussian(raw, torch.zeros(2, 1))
    loss.backward()
    assert math.isfinite(loss.item())
    assert raw.grad is not None
    assert torch.isfinite(raw.grad).all()
    assert losses.variance(torch.tensor([-1e4])).item() == pytest.approx(1e-6)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_the_quantile_loss_is_that_of_scikit_learn(q):
    predicted, target, weight = normal(ROWS, 1), normal(ROWS, 1), normal(ROWS).abs() + 0.1
    loss = Pointwise(losses.quantile, q=q)
    assert loss(predicted, target).item() == pytest.approx(mean_pinball_loss(target, predicted, alpha=q))
    weight = weight / weight.mean()
    expected = mean_pinball_loss(target, predicted, alpha=q, sample_weight=weight)
    assert loss(predicted, target, weight).item() == pytest.approx(expected)


def test_the_quantile_loss_is_smallest_at_the_quantile():
    target = torch.arange(101.0)[:, None]
    found = [losses.quantile(torch.full_like(target, guess), target, q=0.9).item() for guess in range(101)]
    assert found.index(min(found)) == 90


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_cross_entropy_is_torch_s_own_and_scikit_learn_s(classes):
    predicted, target, weight = normal(ROWS, classes), labels(classes), normal(ROWS).abs() + 0.1
    own, number = Pointwise(losses.cross_entropy), target[:, 0].long()
    assert torch.equal(own(predicted, target), nn.CrossEntropyLoss()(predicted, number))
    each = nn.CrossEntropyLoss(reduction="none")(predicted, number)
    torch.testing.assert_close(own(predicted, target, weight), (each * weight).mean())
    weight = weight / weight.mean()
    expected = log_loss(number, predicted.softmax(dim=1), sample_weight=weight, labels=range(classes))
    assert own(predicted, target, weight).item() == pytest.approx(expected)


def test_one_output_is_the_logit_of_the_second_class():
    predicted, target, weight = normal(ROWS, 1), labels(2), normal(ROWS).abs()
    own = Pointwise(losses.cross_entropy)
    assert torch.equal(own(predicted, target), nn.BCEWithLogitsLoss()(predicted, target))
    theirs = nn.BCEWithLogitsLoss(weight=weight[:, None])
    torch.testing.assert_close(own(predicted, target, weight), theirs(predicted, target))
    two = torch.cat([torch.zeros_like(predicted), predicted], dim=1)
    for name, options in (("cross_entropy", {}), ("focal", {"gamma": 2.0})):
        loss = Pointwise(getattr(losses, name), **options)
        torch.testing.assert_close(loss(predicted, target, weight), loss(two, target, weight))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("outputs", [1, 2, 4])
def test_the_focal_loss_is_the_entropy_times_a_power_of_the_error(outputs, gamma):
    classes = max(outputs, 2)
    predicted, target, weight = normal(ROWS, outputs), labels(classes), normal(ROWS).abs()
    logits = torch.cat([torch.zeros_like(predicted), predicted], dim=1) if outputs == 1 else predicted
    chosen = logits.softmax(dim=1).gather(1, target.long())[:, 0]
    each = -((1 - chosen) ** gamma) * chosen.log()
    loss = Pointwise(losses.focal, gamma=gamma)
    torch.testing.assert_close(loss(predicted, target), each.mean())
    torch.testing.assert_close(loss(predicted, target, weight), (each * weight).mean())
    assert torch.autograd.gradcheck(lambda found: loss(found, target, weight), predicted.clone().requires_grad_())


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("function", [losses.cross_entropy, losses.focal], ids=["cross_entropy", "focal"])
def test_losses_of_classes_are_finite_far_out(function, outputs):
    """A power below 1 has an infinite slope at 0, which is where a sure and right prediction is."""
    options = {"gamma": 0.5} if function is losses.focal else {}
    predicted = torch.full((2, outputs), -1e4)
    predicted[0, -1] = 1e4
    predicted.requires_grad_()
    loss = Pointwise(function, **options)(predicted, torch.tensor([[float(max(outputs - 1, 1))], [0.0]]))
    loss.backward()
    assert math.isfinite(loss.item())
    assert predicted.grad is not None
    assert torch.isfinite(predicted.grad).all()


@pytest.mark.parametrize(
    ("loss", "outputs", "targets"),
    [
        (Pointwise(losses.log_cosh), 2, 2),
        (Pointwise(losses.quantile, q=0.3), 2, 2),
        (Pointwise(losses.gaussian), 4, 2),
        (Pointwise(losses.cross_entropy), 3, 0),
        (Pointwise(losses.focal, gamma=1.5), 1, 0),
    ],
    ids=["log_cosh", "quantile", "gaussian", "cross_entropy", "focal"],
)
def test_a_weight_of_three_is_a_row_three_times(loss, outputs, targets):
    predicted = normal(ROWS, outputs)
    target = normal(ROWS, targets) if targets else labels(2)
    times = torch.arange(ROWS).remainder(4)
    found, gradient = slope(loss, predicted, target, times / times.double().mean())
    repeated = predicted.repeat_interleave(times, dim=0)
    expected, slopes = slope(loss, repeated, target.repeat_interleave(times, dim=0))
    assert found == pytest.approx(expected, rel=1e-12)
    summed = torch.zeros_like(predicted).index_add(0, torch.arange(ROWS).repeat_interleave(times), slopes)
    torch.testing.assert_close(gradient, summed)
