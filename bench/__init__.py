"""The figures of docs/benchmarks.md. What is compared runs in turns within one run; medians and ratios count, not seconds."""
