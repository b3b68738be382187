namespace Webhooks.Api.Deadlines;

/// <summary>Puts the deadline of requests into a service's pipeline.</summary>
internal static class DeadlineModule
{
    public static void UseRequestDeadline(this IApplicationBuilder app) =>
        app.UseWhen(RequestDeadline.AppliesTo, limited => limited.UseMiddleware<RequestDeadline>());
}
