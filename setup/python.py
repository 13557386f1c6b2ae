"""Make .venv and install what is pinned, or leave it alone: `python3 setup/python.py run|dev|node`.

`run` is what the portal needs, `dev` also what its tests need, `node` an npm for those who have none. Only the
standard library, and syntax that an old Python can read, so that it can say what is wrong.
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
FILES = {"run": "requirements.txt", "dev": "requirements-dev.txt", "node": "setup/requirements-node.txt"}
UV = "setup/requirements-uv.txt"
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet", "--require-hashes")
ONLY_WHEELS = ("--only-binary", ":all:")


def main(kind):
    """Install `kind` unless its stamp says that it is there."""
    if sys.version_info < OLDEST:
        start_again_with_a_newer_python()
    if installed(kind) or (kind == "run" and installed("dev")):
        return
    if not usable():
        make_venv()
    install(FILES[kind])
    if kind != "node":
        run(*uv(), "--no-deps", "--no-build-isolation", "--editable", ".")
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


def installed(kind):
    return read(stamp_path(kind)) == stamp(kind)


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


# ------------------------------------------------------------------------------------------------ .venv
def usable():
    """Whether .venv was made here and its Python still starts."""
    code = "import sys; sys.exit(sys.version_info < %r or sys.prefix != %r)" % (OLDEST, VENV)
    try:
        return subprocess.call([PYTHON, "-c", code]) == 0
    except OSError:
        return False


def make_venv():
    """With pip in it; where Python cannot do that (Debian without python3-venv), with uv put there by our own pip."""
    say("Making .venv with Python %d.%d" % sys.version_info[:2])
    import venv

    try:
        import ensurepip  # noqa: F401

        has_ensurepip = True
    except ImportError:
        has_ensurepip = False
    if not has_ensurepip and not quietly(sys.executable, "-m", "pip", "--version"):
        give_up(
            "Python cannot make virtual environments: install them first (on Debian and Ubuntu: "
            "apt install python%d.%d-venv)." % sys.version_info[:2]
        )
    shutil.rmtree(VENV, ignore_errors=True)
    venv.create(VENV, with_pip=has_ensurepip, symlinks=True)
    if not has_ensurepip:
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = subprocess.check_output([PYTHON, "-c", code], universal_newlines=True).strip()
        run(sys.executable, *PIP, *ONLY_WHEELS, "--target", packages, "-r", UV)


# ------------------------------------------------------------------------------------------------ packages
def install(requirements):
    """With uv (seconds); with the system's certificates (behind a company's proxy); with pip (a minute).

    pip comes last, and its settings may know a mirror that uv does not.
    """
    say("Installing " + requirements)
    if not has_uv():
        run(PYTHON, *PIP, *ONLY_WHEELS, "-r", UV)
    wanted = ("--require-hashes", "-r", requirements)
    if not quietly(*uv(), *wanted) and not quietly(*uv(), "--system-certs", *wanted):
        say("uv could not do it; pip takes a minute")
        run(PYTHON, *PIP, "-r", requirements)


def uv():
    return PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", PYTHON


def has_uv():
    version = read(os.path.join(ROOT, UV)).split("==")[1].split()[0]
    done = subprocess.run([PYTHON, "-m", "uv", "--version"], capture_output=True, text=True)
    return done.stdout.startswith("uv " + version)


def quietly(*command):
    """Whether a command works."""
    silence = subprocess.DEVNULL
    return subprocess.call(command, cwd=ROOT, stdout=silence, stderr=silence) == 0


def run(*command):
    if subprocess.call(command, cwd=ROOT) != 0:
        give_up("Installing stopped at: " + " ".join(command))


def say(words):
    print(words, flush=True)


def give_up(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
