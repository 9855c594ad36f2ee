"""Files that an author might upload, made on the spot."""

import struct
import zlib
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def encode(image, kind="PNG", **options):
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(width=40, height=20, color="teal", kind="PNG", **options):
    return encode(Image.new("RGB", (width, height), color), kind, **options)


def upload(content, name="picture.png"):
    return SimpleUploadedFile(name, content, "image/png")


def decode(file):
    with file.open() as opened:
        image = Image.open(BytesIO(opened.read()))
    image.load()
    return image


def black_png(width, height):
    """One bit a pixel, so a few kilobytes hold hundreds of millions of pixels."""
    deflate = zlib.compressobj(9)
    row = b"\0" + b"\0" * ((width + 7) // 8)
    data = b"".join(deflate.compress(row) for _ in range(height)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def claimed_jpeg(width, height):
    """A JPEG whose header claims a size that its data have not (ITU T.81, B.2.2: SOF0)."""
    small = picture(8, 8, kind="JPEG")
    height_at = small.index(b"\xff\xc0") + 5
    return small[:height_at] + struct.pack(">HH", height, width) + small[height_at + 4 :]


def _chunk(kind, data):
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)
