"""The networks in RapidOCR's wheel, made smaller: bytes go in, what is not needed stays out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import rapidocr
from numpy.typing import NDArray
from openvino import opset13 as ops
from openvino.preprocess import PrePostProcessor

DETECTION = "PP-OCRv6_det_small.onnx"
RECOGNITION = "PP-OCRv6_rec_small.onnx"

_SETTINGS = {
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    # each process would pin its only thread to the same first core
    "ENABLE_CPU_PINNING": False,
}

BLANK = 0
"""The class that stands for no character."""

Network = Callable[[Any], tuple[NDArray[Any], ...]]
"""Takes images as (count, height, width, 3), BGR, uint8."""


def detector() -> Network:
    """Images in; out comes how sure each pixel is text, as (count, 1, height, width)."""
    return _compiled(_read(DETECTION))


def classes() -> list[str]:
    """List what each class of the recognition network stands for; BLANK comes first."""
    known = _read(RECOGNITION).get_rt_info()["framework"]["character"].value
    return ["", *known.splitlines(), " "]


def reader(kept: NDArray[np.int64]) -> Network:
    """Lines in; out come, per line and step, the surest of the `kept` classes and how sure it is.

    The class is a position in `kept`. Weights of other classes are left out: with all 18,710, the
    last layer and its softmax take a third of the time.
    """
    model = _read(RECOGNITION)
    features, weights, bias = _last_layer(model)
    scores = ops.add(
        ops.matmul(features, ops.constant(weights[:, kept]), False, False),
        ops.constant(bias[kept]),
    )
    surest = ops.topk(ops.softmax(scores, -1), ops.constant(np.int32(1)), -1, "max", "none")
    shrunk = ov.Model(
        [ops.squeeze(surest.output(1), [-1]), ops.squeeze(surest.output(0), [-1])],
        model.get_parameters(),
    )
    return _compiled(shrunk)


def _read(name: str) -> Any:
    return ov.Core().read_model(Path(rapidocr.__file__).with_name("models") / name)


def _last_layer(model: Any) -> tuple[Any, NDArray[np.float32], NDArray[np.float32]]:
    """Find where softmax(features @ weights + bias) starts."""
    softmax = _up(model.get_results()[0], "Softmax")
    add = _up(softmax, "Add")
    matmul = _up(add, "MatMul")
    return (
        matmul.input_value(0),
        _constant(matmul.input_value(1)),
        _constant(add.input_value(1)).reshape(-1),
    )


def _up(node: Any, kind: str) -> Any:
    above = node.input_value(0).get_node()
    return above if above.get_type_name() == kind else _up(above, kind)


def _constant(output: Any) -> NDArray[np.float32]:
    node = output.get_node()
    return np.array(node.data if node.get_type_name() == "Constant" else _up(node, "Constant").data)


def _compiled(model: Any) -> Network:
    """Let the network scale the bytes itself, to -1 .. 1."""
    steps = PrePostProcessor(model)
    image = steps.input()
    image.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    image.preprocess().convert_element_type(ov.Type.f32).mean(127.5).scale(127.5)
    image.model().set_layout(ov.Layout("NCHW"))
    request = ov.Core().compile_model(steps.build(), "CPU", _SETTINGS).create_infer_request()

    def run(images: Any) -> tuple[NDArray[Any], ...]:
        request.infer([images], share_inputs=True)
        # tensors of the next run overwrite these
        return tuple(np.array(tensor.data) for tensor in request.output_tensors)

    return run
