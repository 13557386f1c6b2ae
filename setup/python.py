"""Make .venv and install what is pinned, or leave it alone: `python3 setup/python.py run|dev`.

`run` is what the portal needs, `dev` also what its tests need. Only the standard library, and syntax that an old
Python can read, so that it can say what is wrong.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
FILES = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
UV = "setup/requirements-uv.txt"


def main(kind):
    """Install `kind` unless its stamp says that it is there."""
    if sys.version_info < OLDEST:
        start_again_with_a_newer_python()
    if all(read(stamp_path(done)) != stamp(done) for done in (kind, "dev")):
        if not usable():
            make_venv()
        install(kind)
        with open(stamp_path(kind), "w") as file:
            file.write(stamp(kind))


def start_again_with_a_newer_python():
    for name in NEWER:
        if shutil.which(name):
            os.execvp(name, [name, *sys.argv])
    give_up(
        "Python 3.11 or newer is needed, and python3 is %d.%d: install one, or name it: make PYTHON=/path/to/python3"
        % sys.version_info[:2]
    )


def stamp(kind):
    """Changes with the pinned versions, the place, and the Python that .venv was made from."""
    names = (FILES[kind], UV, "pyproject.toml")
    contents = [read(os.path.join(ROOT, name)) for name in names] + [ROOT, read(os.path.join(VENV, "pyvenv.cfg"))]
    return hashlib.sha256("\0".join(contents).encode()).hexdigest()


def stamp_path(kind):
    return os.path.join(VENV, ".installed-" + kind)


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def usable():
    """Whether .venv was made here and its Python still starts."""
    code = "import sys; sys.exit(sys.version_info < %r or sys.prefix != %r)" % (OLDEST, VENV)
    try:
        return subprocess.call([PYTHON, "-c", code]) == 0
    except OSError:
        return False


def make_venv():
    print("Making .venv with Python %d.%d" % sys.version_info[:2], flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    import venv

    try:
        import ensurepip  # noqa: F401
    except ImportError:  # Debian without python3-venv
        if not has_pip():
            give_up(
                "Python cannot make virtual environments: install them first (on Debian and Ubuntu: "
                "apt install python%d.%d-venv)." % sys.version_info[:2]
            )
        venv.create(VENV, with_pip=False, symlinks=True)
        run(
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--target",
            site_packages(),
            "-r",
            UV,
        )
    else:
        venv.create(VENV, with_pip=True, symlinks=True)


def has_pip():
    return (
        subprocess.call(
            [sys.executable, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        == 0
    )


def site_packages():
    return subprocess.check_output(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()


def install(kind):
    """With uv (seconds), else with pip (half a minute), whose settings may know a mirror that uv does not."""
    print("Installing the Python packages", flush=True)
    if not has_uv():
        run(
            PYTHON,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "-r",
            UV,
        )
    uv = [PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", PYTHON]
    if subprocess.call([*uv, "--require-hashes", "-r", FILES[kind]], cwd=ROOT) != 0:
        print("uv could not do it; pip takes longer", flush=True)
        run(
            PYTHON,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            FILES[kind],
        )
    run(*uv, "--no-deps", "--no-build-isolation", "--editable", ".")


def has_uv():
    version = read(os.path.join(ROOT, UV)).split("==")[1].split()[0]
    done = subprocess.run([PYTHON, "-m", "uv", "--version"], capture_output=True, text=True)
    return done.stdout.startswith("uv " + version)


def run(*command):
    if subprocess.call(command, cwd=ROOT) != 0:
        give_up("Installing stopped at: " + " ".join(command))


def give_up(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
