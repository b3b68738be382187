using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Webhooks.Api.Deadlines;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Deadlines;

/// <summary>The deadline on a server of its own, whose clock is the test's.</summary>
public sealed class RequestDeadlineTests : IAsyncLifetime
{
    private static readonly byte[] Half = new byte[256 * 1024];

    private readonly StoppedClock _clock = new();
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _wasCutOff = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient _client = new();
    private WebApplication _server = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(_clock);
        _server = builder.Build();
        _server.UseMiddleware<RequestDeadline>();
        _server.MapGet("/begun", AnswerInTwoHalvesAsync);
        _server.MapGet("/waiting", WaitAsync);
        await _server.StartAsync();
        _client.BaseAddress = new Uri(_server.Urls.Single());
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_not_cut_off()
    {
        using var answer = await _client.GetAsync(new Uri("/begun", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

        _clock.Advance(TimeSpan.FromMinutes(1));
        _goOn.SetResult();

        Assert.Equal(2 * Half.Length, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }

    [Fact]
    public async Task A_request_that_is_not_answered_in_time_is_given_up()
    {
        var asking = _client.GetAsync(new Uri("/waiting", UriKind.Relative));
        await _goOn.Task;

        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.True(await _wasCutOff.Task.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await asking).StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private async Task AnswerInTwoHalvesAsync(HttpContext context)
    {
        await context.Response.Body.WriteAsync(Half, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await _goOn.Task;
        await context.Response.Body.WriteAsync(Half, context.RequestAborted);
    }

    private async Task WaitAsync(HttpContext context)
    {
        _goOn.SetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _wasCutOff.SetResult(RequestDeadline.IsOver(context));
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
    }
}
