namespace Webhooks.Api.Problems;

/// <summary>Ends a request with a problem, from wherever it was found: who reads a body need not hand faults upwards.</summary>
internal sealed class RefusedException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;
}
