"""What only captioning has: drawn scenes, folders of pictures, a decoder that steps as it was trained."""

import dataclasses

import keras
import numpy as np
import pytest
from PIL import Image

from common.datasets.lines import Text
from common.encoding.text import END, START
from common.errors import UserError
from common.layers import convolutions
from common.prediction import decoding, keras_networks
from common.runs import weights
from common.task import change_config
from tasks.image_captioning import sample
from tasks.image_captioning.task import TASK, Config, Encoder, read, split
from tests import small

SCENES = small.sample("image_captioning")


def captions(part):
    return {caption for example in part for caption in example.references}


def test_what_test_combines_train_never_does():
    train, validation, test = (captions(part) for _, part in SCENES)
    assert not train & test and not train & validation and not validation & test
    words = {word for caption in train for word in caption.split()}
    assert all(set(caption.split()) <= words for caption in test), "test has words that train does not have"
    new = [f"{colour} {shape}" for colour, shape in sample.NEVER_IN_TRAIN]
    assert not any(thing in caption for caption in train for thing in new)
    kinds = {example.kind for example in SCENES.test}
    assert kinds == {"counted", "new pair", "new thing"}
    assert all(any(t in e.caption for t in new) == (e.kind == "new thing") for e in SCENES.test)


def test_captions_of_a_picture_say_the_same():
    assert sample.OPPOSITES == {"left of": "right of", "above": "below"}
    for example in SCENES.test[:50]:
        assert example.caption in example.references
        if example.kind != "counted":
            one, other = example.references
            relation = next(r for r in sample.OPPOSITES if f" {r} a " in one)
            first, second = one.split(f" {relation} ")
            assert other == f"{second} {sample.OPPOSITES[relation]} {first}"


def test_a_scene_shows_what_it_says():
    """A red shape above a blue one: red pixels are higher."""
    random = np.random.default_rng(0)
    picture, (one, _) = sample._related((("large", "red", "circle"), ("large", "blue", "square")), random)
    red = np.argwhere((picture[..., 0] > 150) & (picture[..., 2] < 100)).mean(axis=0)
    blue = np.argwhere((picture[..., 2] > 150) & (picture[..., 0] < 100)).mean(axis=0)
    axis, first_red = (0 if "above" in one else 1), one.startswith("a large red")
    assert (red[axis] < blue[axis]) == first_red


@pytest.fixture
def folder(tmp_path):
    rows = ["file,caption"]
    for number in range(8):
        pixels = np.full((30, 40, 3), 30 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        rows += [f"{number}.png,A grey wall .", f"{number}.png,Wall number {number}!"]
    (tmp_path / "captions.csv").write_text("\n".join(rows))
    return tmp_path


def test_a_folder_of_pictures(folder):
    examples = read(folder, True)
    assert len(examples) == 16
    assert examples[0].references == examples[1].references == ("a grey wall", "wall number 0")
    assert examples[0].picture.shape == (224, 224, 3) and str(examples[0]) == "0.png"
    typed = read(Text(f"{folder}/3.png"), False)
    assert typed[0].caption is None and typed[0].content == examples[6].content
    unlabelled = read(folder, False)
    assert [example.name for example in unlabelled] == [f"{number}.png" for number in range(8)]
    (folder / "captions.csv").write_text("file,caption\n0.png,.\n")
    with pytest.raises(UserError, match=r"captions.csv, line 2, has no words"):
        read(folder, True)
    (folder / "captions.csv").write_text("""file,caption\n0.png,"['A wall', 'It is grey']"\n""")
    with pytest.raises(
        UserError, match=r"captions.csv, line 2, has a list of captions, \['A wall', .*: write a row for"
    ):
        read(folder, True)


def test_captions_of_a_picture_and_equal_pictures_stay_in_one_split(folder):
    (folder / "copy.png").write_bytes((folder / "0.png").read_bytes())
    with (folder / "captions.csv").open("a") as file:
        file.write("\ncopy.png,The same wall\n")
    for seed in range(5):
        parts = [{example.content for example in part} for _, part in split(read(folder, True), seed)]
        assert all(parts) and not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]


def test_pictures_stay_bytes_and_have_one_size(folder):
    encoder = Encoder.fit(Config(picture_size=32), read(folder, True))
    inputs, targets = encoder.encode(read(folder, True)[0])
    assert inputs["picture"].dtype == np.uint8 and inputs["picture"].shape == (32, 32, 3)
    assert inputs["target_ids"][0] == START and targets[-1] == END
    assert list(inputs["target_ids"][1:]) == list(targets[:-1])


@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
def test_the_decoder_steps_as_it_was_trained(cell):
    """Logits word by word, each call beginning where the last one ended, are those of one call over the caption."""
    _, _, few, encoder = small.setting("image_captioning")
    model, _ = small.model("image_captioning", cell=cell)
    networks = keras_networks.of_model(model)
    rows = [encoder.encode(example)[0] for example in few.test[:4]]
    pictures = np.stack([row["picture"] for row in rows])
    target_ids = decoding.with_start([row["target_ids"][1:] for row in rows])
    trained = model({"picture": pictures, "target_ids": target_ids}).numpy()
    memory = networks["encoder"]({"picture": pictures})
    for step in range(target_ids.shape[1]):
        outputs = networks["decoder"]({"target_ids": target_ids[:, step : step + 1], **memory})
        np.testing.assert_allclose(outputs["logits"][:, 0], trained[:, step], atol=1e-5)
        np.testing.assert_allclose(outputs["attention"].sum(axis=2), 1, atol=1e-5)
        memory |= {name: outputs[name] for name in memory if name.startswith("state_")}


def test_surprise_is_minus_the_log_probability_of_the_caption():
    def decode(inputs):
        logits = np.zeros((*inputs["target_ids"].shape, 6))
        logits[..., 5] = np.log(4)  # twice as probable as the other five together: 4 / 9
        return {"logits": logits}

    nats = decoding.nats(decode, {}, [[5, 5], [4]])
    assert nats == pytest.approx([-2 * np.log(4 / 9) - np.log(1 / 9), -2 * np.log(1 / 9)])


def test_predict_needs_no_caption_and_does_not_look_at_it():
    task, config, few, encoder = small.setting("image_captioning")
    model, _ = small.model("image_captioning")
    networks = keras_networks.of_model(model)
    known = task.predict(config, networks, encoder, few.test[:4])
    unknown = task.predict(
        config, networks, encoder, [dataclasses.replace(example, caption=None) for example in few.test[:4]]
    )
    assert [one["text"] for one in known] == [one["text"] for one in unknown]
    assert all(one["surprise"] is None for one in unknown) and all(one["surprise"]["words"] > 1 for one in known)


def test_an_unknown_backbone_is_refused():
    _, config, _, encoder = small.setting("image_captioning")
    with pytest.raises(UserError, match="Known: small, mobilenet_v2"):
        TASK.build_model(change_config(config, {"backbone": "vgg"}), encoder)


@pytest.fixture
def mobilenet(monkeypatch, tmp_path):
    """MobileNetV2 with few filters, and a file of trained weights in place of the download."""
    real = keras.applications.MobileNetV2
    monkeypatch.setattr(keras.applications, "MobileNetV2", lambda **given: real(alpha=0.35, **given))
    trained = real(input_shape=(48, 48, 3), alpha=0.35, include_top=False, weights=None)
    trained.save_weights(tmp_path / "mobilenet.weights.h5")
    monkeypatch.setattr(keras.utils, "get_file", lambda *given, **named: str(tmp_path / "mobilenet.weights.h5"))
    return trained


def of_mobilenet(size):
    picture = keras.Input((size, size, 3), dtype="uint8")
    return keras.Model(picture, convolutions.backbone("mobilenet_v2", 8)(picture))


def test_trained_convolutions_stay_as_they_are(mobilenet):
    model = of_mobilenet(48)
    assert model.output.shape[1:3] == (2, 2) and not model.trainable_weights
    for mine, trained in zip(model.get_weights(), mobilenet.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, trained)


@pytest.mark.parametrize(("size", "of"), [(32, 224), (96, 96), (100, 224), (300, 224)])
def test_weights_are_those_for_the_size_of_the_picture_if_there_are_any(mobilenet, monkeypatch, size, of):
    asked, path = [], keras.utils.get_file()
    monkeypatch.setattr(keras.utils, "get_file", lambda name, *given, **named: asked.append(name) or path)
    of_mobilenet(size)
    assert asked == [f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{of}_no_top.h5"]


def test_only_a_failed_download_is_called_one(mobilenet, monkeypatch):
    with pytest.raises(UserError, match="picture_size=32 or more, not 24: change it, or use SET=backbone=small"):
        of_mobilenet(24)
    monkeypatch.setattr(weights.os, "sysconf", lambda name: 100)
    with pytest.raises(UserError, match="does not fit into memory"), weights.room():
        of_mobilenet(48)

    def no_network(*given, **named):
        raise OSError("no route to host")

    monkeypatch.setattr(keras.utils, "get_file", no_network)
    with pytest.raises(UserError, match=r"cannot be downloaded \(no route to host\).*backbone=small"):
        of_mobilenet(48)


def test_pictures_are_drawn(tmp_path):
    from common.plots.captioning import figures

    few = SCENES.test[:9]
    predictions = [{"text": "a red circle", "attention": [[1 / 36] * 36] * 3} for _ in few]
    found = figures(TASK.score(few, predictions), few, predictions, tmp_path)
    assert [name for name, _ in found] == ["captions.png", "attention.png"]
    assert all((tmp_path / name).stat().st_size > 5000 for name, _ in found)
