"""One thread for small states, as many as there were for large ones, and the old number afterwards."""

import pytest
import torch
from toy_model import make_spec, network

from hqnn_dsl.training.threads import ONE_THREAD_AMPLITUDES, suited_threads


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_small_states_have_one_thread_and_the_old_number_comes_back(monkeypatch, three_threads):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    net = network(make_spec(), 3, 1)
    with suited_threads(net, 4) as threads:
        assert threads == torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    with suited_threads(net, ONE_THREAD_AMPLITUDES) as threads:
        assert threads == 3


def test_the_users_choice_stands(monkeypatch, three_threads):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with suited_threads(network(make_spec(), 3, 1), 4) as threads:
        assert threads == 3
