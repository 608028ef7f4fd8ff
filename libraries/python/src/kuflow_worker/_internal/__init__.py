"""The implementation. Names below are not part of the public interface, and change without notice."""
