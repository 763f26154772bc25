"""Malformed and hostile files: one `UsageError` that names what was found, nothing executed, bounded time and memory."""

import contextlib
import io
import json
import os
import pickle
import random
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import rounded_network

from verifier.errors import UsageError
from verifier.formats import READABLE, decode, encode, weights_of
from verifier.formats.archive import zip_of
from verifier.formats.safetensors_file import LARGEST_HEADER

FOLDER = Path(__file__).parent.parent.parent / "reference" / "networks"
SECONDS = 5.0
"""Longest time any malformed file may take; most take milliseconds."""


def refused(suffix, data, *words, cell="lstm", chosen=()):
    started = time.monotonic()
    with pytest.raises(UsageError) as caught:
        weights_of(decode(suffix, data), cell, chosen)
    assert time.monotonic() - started < SECONDS
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "\n" not in message
    assert len(message) < 600
    return message


def pt(program, storages=None):
    """A .pt file with this pickle."""
    members = {"m/data.pkl": program, **{f"m/data/{key}": data for key, data in (storages or {}).items()}}
    return zip_of(members)


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def lstm_arrays(**changes):
    """A 2-unit LSTM under PyTorch's names."""
    arrays = {
        "rnn.weight_ih_l0": np.ones((8, 1)),
        "rnn.weight_hh_l0": np.ones((8, 2)),
        "rnn.bias_ih_l0": np.ones(8),
        "rnn.bias_hh_l0": np.ones(8),
        "fc.weight": np.ones((1, 2)),
        "fc.bias": np.ones(1),
    }
    arrays.update({name.replace("__", "."): value for name, value in changes.items()})
    return {name: value for name, value in arrays.items() if value is not None}


# --- pickles that would run code ---------------------------------------------------------------------------------------


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class ByState:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return eval, (f"open({str(self.path)!r}, 'w')",)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", [Payload, ByState])
def test_a_pickle_that_would_run_code_does_not(tmp_path, kind, protocol):
    witness = tmp_path / "ran"
    message = refused(".pt", pt(pickle.dumps({"rnn.weight_ih_l0": kind(witness)}, protocol)))
    assert not witness.exists()
    if protocol >= 2:
        assert "nothing was run" in message
        assert any(word in message for word in ("system", "eval"))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "pickle opcode STRING"),
        (b"cos\nsystem\n(Vtrue\ntR.", "os.system"),
        (b"(Vtrue\nios\nsystem\n.", "opcode INST"),
        (b"(cos\nsystem\nVtrue\no.", "opcode OBJ"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)\x81.", "opcode NEWOBJ"),
        (b"\x80\x02\x82\x01.", "opcode EXT1"),
        (b"ctorch.nn.modules.rnn\nLSTM\n)R.", "torch.nn.modules.rnn.LSTM"),
        (b"ccollections\nOrderedDict\n)R}b.", "no tensor for"),
        (b"ccollections\nOrderedDict\n(tRK\x01b.", "no tensor for"),
        (b"K\x01}b.", "holds objects"),
        (b"K\x01.", "no dictionary of tensors"),
        (b"}", "damaged pickle"),
        (b"", "damaged pickle"),
        (b"0.", "opcode POP"),
        (b"(.", "damaged pickle"),
        (b"e.", "damaged pickle"),
        (b"}q\x05h\x06.", "damaged pickle"),
        (b"}(K\x01u.", "damaged pickle"),
        (b"}q\x00(V1\nh\x00u.", "more than 8 deep"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00))tR.", "damaged pickle"),
        (b"\x80\x02}X\x01\x00\x00\x00a(Vstorage\nctorch\nEvilStorage\nV0\nVcpu\nK\x01tQs.", "'torch EvilStorage'"),
        (b"\x95" + b"\xff" * 8 + b".", "damaged pickle"),
        (b"\x8d" + b"\xff" * 7 + b"\x7f.", "damaged pickle"),
    ],
)
def test_pickles_of_other_kinds(program, words):
    refused(".pt", pt(program), words)


def tensor_program(shape, strides, offset=0, key=b"0", name=b"rnn.weight_ih_l0"):
    """{name: a FloatStorage tensor}, in protocol 2."""

    def whole(numbers):
        return b"(" + b"".join(b"J" + int(n).to_bytes(4, "little", signed=True) for n in numbers) + b"t"

    storage = b"(Vstorage\nctorch\nFloatStorage\nV" + key + b"\nVcpu\nK\x01tQ"
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"J" + offset.to_bytes(4, "little", signed=True)
    call += whole(shape) + whole(strides) + b"\x89ccollections\nOrderedDict\n)RtR"
    return b"\x80\x02}V" + name + b"\n" + call + b"s."


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (tensor_program([4], [1]), "reaches number 4 of a storage that has 2"),
        (tensor_program([2], [1], offset=1), "reaches number 3"),
        (tensor_program([2], [-1]), "do not fit"),
        (tensor_program([2], [1], offset=-1), "do not fit"),
        (tensor_program([2, 2], [1]), "do not fit"),
        (tensor_program([-2], [1]), "axes are whole numbers"),
        (tensor_program([2**31 - 1], [0]), "at most"),
        (tensor_program([2**15, 2**15], [0, 0]), "at most"),
        (tensor_program([2], [1], key=b"7"), "does not have"),
        (tensor_program([2], [1], key=b"../0"), "does not have"),
    ],
)
def test_tensors_that_do_not_fit_their_storage(program, words):
    refused(".pt", pt(program, {"0": b"\0" * 8}), words)


def test_the_tensor_program_itself_is_fine():
    found = decode(".pt", pt(tensor_program([2], [1]), {"0": np.array([1, 2], "<f4").tobytes()}))
    assert found.tensors["rnn.weight_ih_l0"].values.tolist() == [1, 2]


def test_a_pickle_that_refers_to_itself_many_times_ends():
    """Nine levels of dictionaries, each with a hundred references to the next: 10^18 paths."""
    level = b"}q\x00"
    for k in range(1, 9):
        level += b"}q" + bytes([k]) + b"(" + b"".join(b"V%d\nh" % j + bytes([k - 1]) for j in range(100)) + b"u"
    refused(".pt", pt(level + b"."), "entries")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a": b""}, "no data.pkl"),
        ({"m/data.pkl": b"}.", "k/data.pkl": b"}."}, "no data.pkl"),
        ({"m/data.pkl": b"}.", "m/constants.pkl": b""}, "TorchScript"),
        ({"m/data.pkl": b"}.", "m/code/x.py": b""}, "TorchScript"),
        ({"m/data.pkl": b"}.", "m/byteorder": b"middle"}, "byte order"),
    ],
)
def test_other_archives(members, words):
    refused(".pt", zip_of(members), words)


def test_a_legacy_pt_file():
    refused(".pt", pickle.dumps(0x1950A86A20F9469CFC6C, 2), "older than PyTorch 1.6")


# --- archives ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".pt", ".npz"])
def test_an_archive_that_unpacks_to_too_much(suffix, monkeypatch):
    """Sizes are added up before anything is unpacked."""
    monkeypatch.setattr("verifier.formats.archive.LARGEST_ARCHIVE", 2**20)
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda *_: pytest.fail("something was unpacked"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(3):
            archive.writestr(f"m/{k}" if k else "m/data.pkl", b"\0" * 2**19)
    refused(suffix, stream.getvalue(), "unpacks to 1,572,864 bytes")


def test_an_archive_of_too_many_members():
    refused(".npz", zip_of({f"{k}.npy": b"" for k in range(5000)}), "5,000 members")


# --- safetensors -------------------------------------------------------------------------------------------------------

ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a whole safetensors file"),
        (b"\xff" * 8, "the header wants 18,446,744,073,709,551,615"),
        ((2**63).to_bytes(8, "little") + b"{}", "the header wants"),
        (safetensors(b" " * (LARGEST_HEADER + 1)), f"{LARGEST_HEADER + 1:,} bytes"),
        (safetensors(b"nonsense"), "not usable JSON"),
        (safetensors(b"[" * 100_000), "not usable JSON"),
        (safetensors(b"[1]"), "not an object"),
        (safetensors(b'{"a": 1, "a": 2}'), "not usable JSON"),
        (safetensors({"a": 7}), "no dtype, shape"),
        (safetensors({"a": {**ENTRY, "dtype": "I64"}}, b"\0" * 8), "I64"),
        (safetensors({"a": {**ENTRY, "dtype": ["F32"]}}, b"\0" * 4), "F32"),
        (safetensors({"a": {**ENTRY, "shape": [-1]}}, b"\0" * 4), "axes are whole numbers"),
        (safetensors({"a": {**ENTRY, "shape": [True]}}, b"\0" * 4), "axes are whole numbers"),
        (safetensors({"a": {**ENTRY, "shape": [10**9, 10**9]}}, b"\0" * 4), "at most"),
        (safetensors({"a": {**ENTRY, "data_offsets": [0, 8]}}, b"\0" * 4), "data_offsets"),
        (safetensors({"a": {**ENTRY, "data_offsets": [4, 0]}}, b"\0" * 4), "data_offsets"),
        (safetensors({"a": {**ENTRY, "data_offsets": [0.0, 4]}}, b"\0" * 4), "two whole numbers"),
        (safetensors({"a": ENTRY, "b": ENTRY}, b"\0" * 4), "the same bytes"),
        (safetensors({"a" * 1000: ENTRY}, b"\0" * 4), "1,000 characters"),
        (safetensors({"\x1b[2J": ENTRY}, b"\0" * 4), "control characters: ?[2J"),
        (safetensors({"__metadata__": {"a": 1}}), "metadata"),
        (safetensors({"a": ENTRY}, np.float32("nan").tobytes()), "a[0] is nan"),
        (safetensors({"a": ENTRY}, np.float32("-inf").tobytes()), "a[0] is -inf"),
        (safetensors({}), "no tensors"),
    ],
)
def test_safetensors_files(data, words):
    refused(".safetensors", data, words)


# --- npz ---------------------------------------------------------------------------------------------------------------


def test_pickled_objects_in_npz_are_not_loaded(tmp_path):
    witness = tmp_path / "ran"
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=True, a=np.array([Payload(witness)], object))
    refused(".npz", stream.getvalue(), "pickled objects")
    assert not witness.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a whole npz file"),
        (b"PK\x03\x04 and so on", "not a whole npz file"),
        (zip_of({"a.npy": b"no array"}), "not a .npy array"),
        (zip_of({"a.npy": b"\x93NUMPY\x01\x00\xff\xff"}), "not a .npy array"),
        (zip_of({"a.npy": b"\x93NUMPY\x09\x00\x00\x00"}), "not a .npy array"),
        (npz(a=np.arange(3)), "int64"),
        (npz(a=np.array(["x"])), "holds text"),
        (npz(a=np.array([1 + 2j])), "complex"),
        (npz(a=np.array([1.0], np.longdouble)), "float128"),
        (npz(first_input_recall=np.array("[1]")), "not a note"),
        (npz(**lstm_arrays(rnn__bias_ih_l0=np.full(8, np.nan))), "rnn.bias_ih_l0[0] is nan"),
    ],
)
def test_npz_files(data, words):
    refused(".npz", data, words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rnn__weight_ih_l0": np.ones((8, 3))}, "has shape [8, 3]"),
        ({"rnn__weight_hh_l0": np.ones((6, 2))}, "[4·d, d]"),
        ({"rnn__weight_hh_l0": np.ones(8)}, "[4·d, d]"),
        ({"rnn__weight_hh_l0": np.ones((0, 0))}, "[4·d, d]"),
        ({"rnn__bias_ih_l0": np.ones(6)}, "has shape [6]"),
        ({"fc__weight": np.ones((2, 2))}, "has shape [2, 2]"),
        ({"fc__weight": np.ones((1, 3))}, "has [1, 2]"),
        ({"fc__bias": np.ones(2)}, "has [1]"),
        ({"fc__weight": None, "fc__bias": None}, "no tensor for head.weight"),
        ({"rnn__weight_ih_l0": None}, "no tensor for weight_ih"),
        ({"rnn__weight_ih_l1": np.ones((8, 2))}, "stacked recurrent layers"),
        ({"rnn__weight_ih_l0_reverse": np.ones((8, 1))}, "bidirectional"),
        ({"rnn__weight_hr_l0": np.ones((1, 2))}, "projects its hidden state"),
        ({"other__weight_hh_l0": np.ones((8, 2))}, "could be"),
        ({"fc2__weight": np.ones((1, 1))}, "the head could be"),
        ({"extra": np.ones(3)}, "the file also has extra"),
    ],
)
def test_networks_that_are_not_supported(changes, words):
    refused(".npz", npz(**lstm_arrays(**changes)), words)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([("head", "fc.weight")], "'head' is no part of a network"),
        ([("head.weight", "fc.wieght")], "did you mean 'fc.weight'?"),
        ([("head.weight", "fc.weight"), ("head.weight", "fc.bias")], "twice"),
        ([("head.weight", "rnn.weight_ih_l0")], "no tensor for weight_ih"),
    ],
)
def test_bad_maps(chosen, words):
    refused(".npz", npz(**lstm_arrays()), words, chosen=chosen)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("gru", "nn.GRU is gru-after-keep"),
        ("gru-keep", "nn.GRU is gru-after-keep"),
        ("bilinear", "no layout"),
        ("lsmt", "unknown"),
        ("tanh", "[d, d]"),
    ],
)
def test_cells_that_the_file_cannot_be(cell, words):
    refused(".npz", npz(**lstm_arrays()), words, cell=cell)


def test_left_out_tensors_can_be_ignored():
    data = npz(**lstm_arrays(extra=np.ones(3)))
    assert weights_of(decode(".npz", data), "lstm", [("ignore", "extra")])[0].hidden == 2


# --- JSON --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a JSON file"),
        ("[1]", "not an object"),
        ("{", "not a JSON file"),
        ("[" * 100_000, "not a JSON file"),
        ('{"a": NaN}', "NaN"),
        ('{"a": [1, Infinity]}', "Infinity"),
        ('{"a": [[1, 2], [3]]}', "rectangular"),
        ('{"a": [[1], 3]}', "rectangular"),
        ('{"a": {"b": 1}}', "weights are numbers"),
        ('{"a": [true]}', "weights are numbers"),
        ('{"a": ["x"]}', "not an exact number"),
        ('{"a": [1e999999]}', "not an exact number"),
        ('{"a": ' + "[" * 50 + "]" * 50 + "}", "weights are numbers"),
        ('{"format": "first-input-recall weights"}', "must have the fields"),
        ("\xff", "JSON"),
    ],
)
def test_json_files(text, words):
    refused(".json", text.encode("latin1"), words)


# --- ONNX --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def onnx_model():
    onnx = pytest.importorskip("onnx")
    return onnx, onnx.load_model_from_string(encode(".onnx", rounded_network("lstm"), "binary32", {}))


def attribute(onnx, name, value):
    return lambda model: model.graph.node[0].attribute.append(onnx.helper.make_attribute(name, value))


def test_onnx_files_that_are_not_supported(onnx_model):
    onnx, model = onnx_model
    make = onnx.helper

    def without_readout(m):
        del m.graph.node[2:]
        m.graph.output[0].name = "h"

    def external(m):
        m.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL

    def cut(m):
        m.graph.initializer[0].raw_data = m.graph.initializer[0].raw_data[:-1]

    def gru_too(m):
        m.graph.node.append(make.make_node("GRU", ["x"], ["z"]))

    def start(m):
        m.graph.initializer.append(onnx.numpy_helper.from_array(np.ones((1, 1, 3), np.float32), "start"))
        m.graph.node[0].input.extend(["", "start"])

    def through(operator):
        def change(m):
            m.graph.node.insert(2, make.make_node(operator, ["h"], ["k"]))
            m.graph.node[3].input[0] = "k"

        return change

    cases = [
        (attribute(onnx, "direction", "bidirectional"), "bidirectional"),
        (attribute(onnx, "direction", "reverse"), "reverse"),
        (attribute(onnx, "clip", 1.0), "clips its gates"),
        (attribute(onnx, "input_forget", 1), "couples its input and forget"),
        (attribute(onnx, "activations", ["Relu", "Tanh", "Tanh"]), "Relu/Tanh/Tanh"),
        (lambda m: m.graph.node[0].input.extend(["", "", "", "P"]), "peepholes"),
        (start, "initial state h_0 = start"),
        (gru_too, "2 recurrent operators"),
        (lambda m: m.graph.node.pop(0), "0 recurrent operators"),
        (without_readout, "does not come from a linear head"),
        (through("Relu"), "through Relu"),
        (through("Softmax"), "through Softmax"),
        (external, "lies in another file"),
        (cut, "bytes for"),
        (lambda m: m.graph.initializer[0].dims.append(2), "numbers"),
        (lambda m: m.graph.node[0].input.__setitem__(1, "x"), "no float constant"),
        (lambda m: m.graph.ClearField("node"), "no nodes"),
    ]
    for change, words in cases:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        change(copy)
        refused(".onnx", copy.SerializeToString(), words)
    refused(".onnx", b"nonsense", "ONNX")
    refused(".onnx", b"", "no nodes")
    refused(".onnx", model.SerializeToString(), "--arch gru, but this file holds the weights of a lstm", cell="gru")


# --- fuzzing -----------------------------------------------------------------------------------------------------------


def whole_files():
    """One good file per format."""
    files = {".pt": (FOLDER / "lstm.pt").read_bytes()}
    for suffix in (".safetensors", ".npz", ".json"):
        files[suffix] = encode(suffix, rounded_network("lstm", hidden=2), "binary32", {"cell": "lstm"})
    with contextlib.suppress(UsageError):  # no onnx here: its loader is refused, not fuzzed
        files[".onnx"] = encode(".onnx", rounded_network("lstm", hidden=2), "binary32", {})
    return files


FILES = whole_files()


def survives(suffix, data):
    """Weights or a UsageError, and nothing else, soon."""
    started = time.monotonic()
    try:
        weights_of(decode(suffix, data), None)
    except UsageError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("suffix", FILES)
def test_truncated_files(suffix):
    data = FILES[suffix]
    for cut in sorted({*range(0, len(data), max(1, len(data) // 60)), len(data) - 1}):
        survives(suffix, data[:cut])


@pytest.mark.parametrize("suffix", FILES)
def test_mutated_files(suffix):
    """Bytes changed, removed, doubled and swapped at random places."""
    generator = random.Random(suffix)
    for _ in range(150):
        data = bytearray(FILES[suffix])
        for _ in range(generator.choice([1, 1, 2, 8])):
            at = generator.randrange(len(data))
            action = generator.randrange(4)
            if action == 0:
                data[at] = generator.randrange(256)
            elif action == 1:
                data[at] ^= 1 << generator.randrange(8)
            elif action == 2:
                del data[at : at + generator.choice([1, 4, 64])]
            else:
                data[at:at] = data[at : at + generator.choice([1, 8, 32])]
            if not data:
                break
        survives(suffix, bytes(data))


@pytest.mark.parametrize("suffix", READABLE)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=300))
def test_arbitrary_bytes(suffix, data):
    survives(suffix, data)


@settings(max_examples=150, deadline=None)
@given(program=st.binary(max_size=120))
def test_arbitrary_pickles(program):
    survives(".pt", pt(program, {"0": b"\0" * 16}))


OPCODES = [
    *(bytes([code]) for code in b"}])(tusaeRbQN"),
    *(b"q\x00", b"h\x00", b"K\x01", b"\x85", b"\x86", b"\x94"),
    *(b"V0\n", b"Vstorage\n", b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch\nFloatStorage\n"),
    *(b"ccollections\nOrderedDict\n", b"cos\nsystem\n", b"\x8c\x02os\x8c\x06system\x93"),
]


@settings(max_examples=300, deadline=None)
@given(program=st.lists(st.sampled_from(OPCODES), max_size=24))
def test_arbitrary_sequences_of_opcodes(program):
    survives(".pt", pt(b"".join(program) + b".", {"0": b"\0" * 16}))
