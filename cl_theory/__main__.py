"""``python -m cl_theory`` is ``cl-theory``."""

from cl_theory.proof.command_line import main

if __name__ == "__main__":
    main()
