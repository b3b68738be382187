namespace Webhooks.Api.Problems;

/// <summary>Puts the problem pages into a service's pipeline.</summary>
internal static class ProblemModule
{
    /// <summary>A problem for whatever goes wrong further in.</summary>
    /// <param name="app">Whose requests these are.</param>
    /// <param name="postsHaveKeys">Has every POST an idempotency key? Otherwise one that is sent again may be done twice.</param>
    public static void UseProblemPages(this IApplicationBuilder app, bool postsHaveKeys) => app.UseMiddleware<ProblemPages>(postsHaveKeys);
}
